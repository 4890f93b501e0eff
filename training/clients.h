#pragma once

#include <stdint.h>

enum clients_outcome {
    CLIENTS_PASSED,
    CLIENTS_FAILED,  /* an answer is not what it should be, or does not come; a line on stderr says which */
    CLIENTS_CUT_OFF, /* there is no loopback */
};

/* What the clients do: connections come and go, and send messages one by one and many at once. Blocks until
 * all is answered. */
enum clients_outcome clients_run(uint16_t port);
