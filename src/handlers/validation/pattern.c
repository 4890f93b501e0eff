#define PCRE2_CODE_UNIT_WIDTH 8

#include "handlers/validation/pattern.h"

#include <pcre2.h>
#include <stdlib.h>

enum { MOST_STEPS = 1000000, MOST_DEPTH = 10000 };

struct pattern {
    pcre2_code *code;
};

enum status pattern_create(struct pattern **pattern, struct text source)
{
    struct pattern *made = malloc(sizeof *made);
    PCRE2_SIZE offset;
    int error;

    if (!made)
        return STATUS_NO_MEMORY;
    made->code = pcre2_compile((PCRE2_SPTR)(source.data ? source.data : ""), source.length,
                               PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF |
                                   PCRE2_ALLOW_EMPTY_CLASS,
                               &error, &offset, NULL);
    if (!made->code) {
        free(made);
        return error == PCRE2_ERROR_NOMEMORY ? STATUS_NO_MEMORY : STATUS_INVALID;
    }
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

bool pattern_matches(const struct pattern *pattern, struct text subject, bool whole,
                     struct text groups[PATTERN_GROUPS])
{
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_match_data *match = pcre2_match_data_create(PATTERN_GROUPS, NULL);
    int count = -1;

    if (limits && match) {
        pcre2_set_match_limit(limits, MOST_STEPS);
        pcre2_set_depth_limit(limits, MOST_DEPTH);
        count = pcre2_match(pattern->code, (PCRE2_SPTR)(subject.data ? subject.data : ""), subject.length, 0,
                            whole ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0, match, limits);
    }
    if (count >= 0 && groups)
        read_groups(match, count ? count : PATTERN_GROUPS, subject, groups);
    pcre2_match_data_free(match);
    pcre2_match_context_free(limits);
    return count >= 0;
}
