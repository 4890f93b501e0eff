#include "base/status.h"

const char *status_name(enum status status)
{
    switch (status) {
    case STATUS_OK: return "ok";
    case STATUS_NO_MEMORY: return "out of memory";
    case STATUS_LIMIT: return "limit passed";
    case STATUS_INVALID: return "invalid";
    case STATUS_NOT_FOUND: return "not found";
    case STATUS_CLOSED: return "closed";
    case STATUS_SYSTEM: return "system error";
    }
    return "unknown status";
}
