#pragma once

#include "js/native_handle.h"

/* Handles of asymmetric keys: their object is an EVP_PKEY. */
extern const struct handle_kind key_kind;
