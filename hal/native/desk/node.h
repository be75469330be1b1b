#ifndef LATCHKEY_DESK_NODE_H
#define LATCHKEY_DESK_NODE_H

#include <stddef.h>

/* A name in the node's folder. */
const char *deskPath(const char *name, char *buffer, size_t size);
/* Ends the program with what the system says. */
void deskFail(const char *what);
void deskRestart(void);

#endif
