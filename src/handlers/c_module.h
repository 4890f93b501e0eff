#pragma once

struct c_host;

/* Calls the modules' `unload`, the last loaded first, and closes them. */
void c_module_unload_all(struct c_host *host);
