/* A module of another time. */

#include <configurapi.h>

CONFIGURAPI_API extern const struct configurapi_module configurapi_module;
const struct configurapi_module configurapi_module = {CONFIGURAPI_ABI + 1, NULL, NULL, NULL};
