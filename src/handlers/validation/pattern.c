#define PCRE2_CODE_UNIT_WIDTH 8

#include "handlers/validation/pattern.h"

#include <pcre2.h>
#include <stdlib.h>

enum {
    MOST_DEPTH = 10000,
    STEPS_A_MATCH = 20,
    STEPS_AN_ITEM = 2,
    BYTES_A_STEP = 8, /* that an item passes */
};

struct pattern {
    pcre2_code *code;
    bool refers_back; /* to what a group has matched: that is compared in one item */
};

/* PCRE2's own limit counts neither the bytes an item passes, nor says how much of it was used. */
struct meter {
    uint64_t left;
    uint64_t price; /* of an item that is tried */
    PCRE2_SIZE position;
};

enum status pattern_create(struct pattern **pattern, struct text source)
{
    struct pattern *made = malloc(sizeof *made);
    PCRE2_SIZE offset;
    uint32_t references = 0;
    int error;

    if (!made)
        return STATUS_NO_MEMORY;
    made->code = pcre2_compile((PCRE2_SPTR)(source.data ? source.data : ""), source.length,
                               PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF |
                                   PCRE2_ALLOW_EMPTY_CLASS | PCRE2_AUTO_CALLOUT,
                               &error, &offset, NULL);
    if (!made->code) {
        free(made);
        return error == PCRE2_ERROR_NOMEMORY ? STATUS_NO_MEMORY : STATUS_INVALID;
    }
    pcre2_pattern_info(made->code, PCRE2_INFO_BACKREFMAX, &references);
    made->refers_back = references > 0;
    *pattern = made;
    return STATUS_OK;
}

void pattern_destroy(struct pattern *pattern)
{
    if (!pattern)
        return;
    pcre2_code_free(pattern->code);
    free(pattern);
}

static void read_groups(pcre2_match_data *match, int count, struct text subject,
                        struct text groups[PATTERN_GROUPS])
{
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(match);

    for (int i = 0; i < PATTERN_GROUPS; i++) {
        bool set = i < count && ends[2 * i] != PCRE2_UNSET;
        groups[i] = set ? (struct text){subject.data + ends[2 * i], ends[2 * i + 1] - ends[2 * i]}
                        : (struct text){NULL, 0};
    }
}

static bool spend(struct meter *meter, uint64_t steps)
{
    bool is_enough = steps <= meter->left;

    meter->left = is_enough ? meter->left - steps : 0;
    return is_enough;
}

/* Before each item that is tried. */
static int on_item(pcre2_callout_block *block, void *data)
{
    struct meter *meter = data;
    PCRE2_SIZE at = block->current_position;
    PCRE2_SIZE passed = at > meter->position ? at - meter->position : 0;

    meter->position = at;
    return spend(meter, meter->price + passed / BYTES_A_STEP) ? 0 : PCRE2_ERROR_CALLOUT;
}

static enum status read_outcome(int count)
{
    switch (count) {
    case PCRE2_ERROR_CALLOUT:
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_HEAPLIMIT: return STATUS_LIMIT;
    case PCRE2_ERROR_NOMEMORY: return STATUS_NO_MEMORY;
    default: return count >= 0 ? STATUS_OK : STATUS_NOT_FOUND;
    }
}

enum status pattern_matches(const struct pattern *pattern, struct text subject, bool whole,
                            struct text groups[PATTERN_GROUPS], uint64_t *steps)
{
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_match_data *match = pcre2_match_data_create(PATTERN_GROUPS, NULL);
    struct meter meter = {*steps, STEPS_AN_ITEM + (pattern->refers_back ? subject.length / BYTES_A_STEP : 0),
                          0};
    int count = PCRE2_ERROR_NOMEMORY;

    if (limits && match && !spend(&meter, STEPS_A_MATCH + subject.length / BYTES_A_STEP)) {
        count = PCRE2_ERROR_CALLOUT;
    } else if (limits && match) {
        pcre2_set_match_limit(limits, UINT32_MAX);
        pcre2_set_depth_limit(limits, MOST_DEPTH);
        pcre2_set_callout(limits, on_item, &meter);
        count = pcre2_match(pattern->code, (PCRE2_SPTR)(subject.data ? subject.data : ""), subject.length, 0,
                            whole ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0, match, limits);
    }
    if (count >= 0 && groups)
        read_groups(match, count ? count : PATTERN_GROUPS, subject, groups);
    *steps = meter.left;
    pcre2_match_data_free(match);
    pcre2_match_context_free(limits);
    return read_outcome(count);
}
