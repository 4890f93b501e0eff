#pragma once

#include "load/client.h"

/* What `load` measures, each with its own line of JSON on stdout. The connections are open, but for
 * storm()'s. */

void measure_throughput(struct client *client); /* MODE_CLOSED */
void measure_paced(struct client *client);
void measure_streams(struct client *client);
void read_slowly(struct client *client);
void hold(struct client *client);
void storm(struct client *client);
