#pragma once

#include "base/list.h"
#include "base/text.h"

#include <stdint.h>

/* What a script is to be told of its runners, in the order in which it came. What there is no memory for is
 * left out. */

struct js_host;

void news_add_started(struct list *news, uint32_t id, const unsigned ports[3]);
void news_add_failed(struct list *news, uint32_t id, const char *failure);
void news_add_stopped(struct list *news, uint32_t id);
/* A log line, as configurapi 1.9.0 tells its listeners: "<event id> - <correlation id> - <message>". */
void news_add_line(struct list *news, uint32_t id, int level, struct text event_id,
                   struct text correlation_id, struct text message);

/* Tells all of it, but not what comes of that. */
void news_tell(struct list *news, struct js_host *host);
void news_clear(struct list *news);
