/* A program that has the runner inside and uses what the library opens at run time: asks itself with a
 * payload that the schema in schemas/ of the folder it is given forbids, and prints the reply. */

#include "support/app.h"
#include "support/client.h"

#include <stdlib.h>

int main(int count, char **arguments)
{
    struct configurapi_runner_options options = quiet_options();
    struct client client;

    options.config_text = "api: {events: [{name: checked, policies: [validateJsonRequestHandler]}]}";
    options.directory = count > 1 ? arguments[1] : ".";
    configurapi_runner *runner = configurapi_runner_create(&options);
    if (!configurapi_runner_start_thread(runner)) {
        fprintf(stderr, "%s\n", configurapi_runner_error(runner));
        return EXIT_FAILURE;
    }
    client_connect(&client, configurapi_runner_port(runner));
    puts(client_ask(&client, "{\"name\":\"checked\",\"payload\":\"no number\"}"));
    client_close(&client);
    return configurapi_runner_destroy(runner) ? EXIT_SUCCESS : EXIT_FAILURE;
}
