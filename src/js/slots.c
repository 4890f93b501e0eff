#include "js/slots.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void slots_init(struct slots *slots)
{
    *slots = (struct slots){0};
}

void slots_deinit(struct slots *slots)
{
    free(slots->pointers);
    free(slots->unused);
    free(slots->retired);
    slots_init(slots);
}

static bool resize(void *array, size_t count, size_t element)
{
    void *old;
    memcpy(&old, array, sizeof old);
    void *resized = realloc(old, count * element);

    if (resized)
        memcpy(array, &resized, sizeof resized);
    return resized != NULL;
}

static enum status grow(struct slots *slots)
{
    uint32_t size = slots->size ? 2 * slots->size : 64;

    if (!resize(&slots->pointers, size, sizeof *slots->pointers) ||
        !resize(&slots->unused, size, sizeof *slots->unused) ||
        !resize(&slots->retired, size, sizeof *slots->retired))
        return STATUS_NO_MEMORY;
    memset(slots->pointers + slots->size, 0, (size - slots->size) * sizeof *slots->pointers);
    uint32_t first = slots->size ? slots->size : 1;
    for (uint32_t number = size - 1; number >= first; number--)
        slots->unused[slots->unused_count++] = number;
    slots->size = size;
    return STATUS_OK;
}

enum status slots_take(struct slots *slots, void *pointer, uint32_t *number)
{
    if (slots->unused_count == 0) {
        enum status status = grow(slots);
        if (status != STATUS_OK)
            return status;
    }
    *number = slots->unused[--slots->unused_count];
    slots->pointers[*number] = pointer;
    return STATUS_OK;
}

void slots_give_back(struct slots *slots, uint32_t number)
{
    assert(number > 0 && number < slots->size);
    slots->pointers[number] = NULL;
    slots->retired[slots->retired_count++] = number;
}

void slots_reclaim(struct slots *slots)
{
    if (slots->retired_count == 0)
        return;
    memcpy(slots->unused + slots->unused_count, slots->retired,
           slots->retired_count * sizeof *slots->retired);
    slots->unused_count += slots->retired_count;
    slots->retired_count = 0;
}

void *slots_get(const struct slots *slots, uint32_t number)
{
    return number < slots->size ? slots->pointers[number] : NULL;
}
