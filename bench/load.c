/* A load generator for WebSocket servers. It speaks to the loopback only, and every phase of it ends by the
 * clock. */
#include "load/client.h"
#include "load/modes.h"
#include "load/options.h"

#include <stdlib.h>

static void measure(struct client *client)
{
    switch (client->options.mode) {
    case MODE_CLOSED: measure_throughput(client); break;
    case MODE_PACED: measure_paced(client); break;
    case MODE_STREAM: measure_streams(client); break;
    case MODE_SLOW: read_slowly(client); break;
    case MODE_HOLD: hold(client); break;
    case MODE_STORM: storm(client); break;
    }
}

int main(int argc, char **argv)
{
    struct options options;
    int exit_status = EXIT_FAILURE;

    if (!options_parse(&options, argc, argv))
        return EXIT_FAILURE;
    /* The histogram makes it too large for comfort on the stack. */
    struct client *client = calloc(1, sizeof *client);
    if (!client)
        return EXIT_FAILURE;
    if (client_init(client, &options) && (options.mode == MODE_STORM || client_open(client)))
        measure(client);
    else
        client->errors += client->errors == 0;
    if (!client->errors)
        exit_status = EXIT_SUCCESS;
    client_deinit(client);
    free(client);
    return exit_status;
}
