#include "config/names.h"

#include <string.h>

enum { SMALLEST = 8 };

struct names_slot {
    struct text name;
    void *value; /* NULL where the slot is free */
};

void names_init(struct names *names, struct arena *arena)
{
    *names = (struct names){.arena = arena};
}

/* The slot that has the name, or the free one where it belongs. */
static struct names_slot *slot_of(const struct names *names, struct text name)
{
    size_t at = text_hash(name) & (names->capacity - 1);

    while (names->slots[at].value && !text_equal(names->slots[at].name, name))
        at = (at + 1) & (names->capacity - 1);
    return &names->slots[at];
}

void *names_find(const struct names *names, struct text name)
{
    return names->slots ? slot_of(names, name)->value : NULL;
}

/* The arena keeps the old slots: all tables of doubling size together are twice the last one. */
static enum status grow(struct names *names)
{
    struct names larger = {.arena = names->arena, .count = names->count};

    larger.capacity = names->capacity ? names->capacity * 2 : SMALLEST;
    larger.slots = arena_alloc(names->arena, larger.capacity * sizeof *larger.slots);
    if (!larger.slots)
        return STATUS_NO_MEMORY;
    memset(larger.slots, 0, larger.capacity * sizeof *larger.slots);
    for (size_t i = 0; i < names->capacity; i++)
        if (names->slots[i].value)
            *slot_of(&larger, names->slots[i].name) = names->slots[i];
    *names = larger;
    return STATUS_OK;
}

enum status names_put(struct names *names, struct text name, void *value)
{
    if (names->count >= names->capacity / 2) {
        enum status status = grow(names);
        if (status != STATUS_OK)
            return status;
    }
    struct names_slot *slot = slot_of(names, name);
    if (!slot->value)
        names->count++;
    *slot = (struct names_slot){name, value};
    return STATUS_OK;
}
