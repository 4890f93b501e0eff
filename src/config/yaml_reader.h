#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "config/report.h"
#include "config/yaml_source.h"

#include <stdbool.h>

struct fy_diag;
struct fy_parser;

/* A document as a run of events; the only module that knows libfyaml. */
enum yaml_event_type {
    YAML_EVENT_SCALAR,
    YAML_EVENT_ALIAS,
    YAML_EVENT_LIST,
    YAML_EVENT_LIST_END,
    YAML_EVENT_MAP,
    YAML_EVENT_MAP_END,
    YAML_EVENT_END, /* of the document */
};

struct yaml_event {
    enum yaml_event_type type;
    struct config_position position; /* of a missing scalar the next thing behind its place */
    struct text tag;                 /* in full, "tag:yaml.org,2002:int"; empty where there is none */
    struct text anchor;              /* empty where there is none; an alias's is what it refers to */
    struct text text;                /* a scalar's; NUL-terminated */
    struct text block;               /* a block scalar's lines, from its indicator on; it has no text then */
    bool plain;                      /* a scalar without quotes or indicator */
    bool missing;                    /* a scalar that was left out */
    bool flow;                       /* a list or a map in brackets */
};

struct yaml_reader {
    struct fy_parser *parser;
    struct fy_diag *diag;
    struct arena *arena;
    const struct report *report;
    struct buffer source;
    bool begun;
    /* From here to the next event there are only indicators, comments and white space. */
    struct yaml_place end;
};

/* Opens a reader on a text, which need not outlive the call. What events refer to lives in the arena. On
 * anything but STATUS_OK there is nothing to close. */
NODISCARD enum status yaml_reader_open(struct yaml_reader *reader, struct text text, struct arena *arena,
                                       const struct report *report);
void yaml_reader_close(struct yaml_reader *reader);

/* The next event. STATUS_INVALID: reported. */
NODISCARD enum status yaml_reader_next(struct yaml_reader *reader, struct yaml_event *event);

/* Whether the next thing is that indicator ('?', ':', ','), and where it is. */
bool yaml_reader_sees(const struct yaml_reader *reader, char indicator, struct config_position *position);
/* Goes past it where it is. */
void yaml_reader_pass(struct yaml_reader *reader, char indicator);
