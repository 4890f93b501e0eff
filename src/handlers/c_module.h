#pragma once

struct c_host;

/* Calls the modules' `unload`, the last loaded first. */
void c_module_unload_all(struct c_host *host);
/* Closes their shared objects: nothing of theirs may be called any more. */
void c_module_close_all(struct c_host *host);
