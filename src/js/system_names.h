#pragma once

/* The system's numbers by the names that programs know them by, and what Node says of its errors. */
struct system_name {
    const char *name; /* NULL ends a table */
    int number;
    const char *message; /* of an error; "" for a signal */
};

extern const struct system_name system_errors[];
extern const struct system_name system_signals[];
