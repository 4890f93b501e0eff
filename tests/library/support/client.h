#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A WebSocket client that waits for what it wants, from any thread: text messages, masked, in one frame.
 * Every wait has an end; what does not come fails the process. */

struct client {
    int socket;
    size_t length; /* of `received` */
    char received[64 * 1024];
    char message[64 * 1024]; /* the last one, ended by a NUL */
    uint16_t close_code;     /* of the Close that came, else 0 */
};

/* Asks for the upgrade, and does not wait for it. */
void client_begin(struct client *client, uint16_t port);
void client_connect(struct client *client, uint16_t port);
/* Whether the server has upgraded; it may have refused or closed. */
bool client_try_connect(struct client *client, uint16_t port);
void client_send(struct client *client, const char *text);
/* The next message; NULL where the server closes instead. */
const char *client_next(struct client *client);
const char *client_ask(struct client *client, const char *text);
/* Waits until the server has closed; its code. */
uint16_t client_wait_for_close(struct client *client);
/* Vanishes. */
void client_close(struct client *client);

/* The answer to an HTTP request, head and body, into `answer`. */
void client_http(uint16_t port, const char *request_line, char *answer, size_t size);
/* Whether somebody listens there. */
bool client_can_connect(uint16_t port);
