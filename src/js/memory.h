#pragma once

#include <stddef.h>

/* Bytes of the whole process that are in memory; 0 where the system does not say. */
size_t memory_resident(void);
