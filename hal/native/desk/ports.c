/*
 * Serial ports of a node on the desk: pseudo-terminals, under the names `port-0` and `port-1` in its
 * folder. What nobody takes from one is lost, as on a wire.
 */
#define _GNU_SOURCE /* pseudo-terminals */
#include <fcntl.h>
#include <glib-unix.h>
#include <termios.h>
#include "xsAll.h"
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "node.h"

#define PORTS 2
#define READ_MAX 128

typedef struct {
	int master; /* 0: closed */
	int slave; /* held open, so that the port does not end when a program closes it */
	guint source;
	xsMachine *the;
	xsSlot onReadable;
} Port;

static Port gPorts[PORTS];

static Port *portOf(xsMachine *the)
{
	xsIntegerValue index = xsmcToInteger(xsArg(0));

	if ((index < 0) || (index >= PORTS))
		xsRangeError("no such port");
	return &gPorts[index];
}

static gboolean readable(gint file, GIOCondition condition, gpointer data)
{
	Port *port = data;

	(void)file;
	(void)condition;
	xsBeginHost(port->the);
	{
		xsTry {
			xsCallFunction0(xsAccess(port->onReadable), xsUndefined);
		}
		xsCatch {
			/* As on a board: what a callback throws ends the program. */
			fprintf(stderr, "%s\n", xsmcToString(xsException));
			exit(1);
		}
	}
	xsEndHost(port->the);
	return G_SOURCE_CONTINUE;
}

/* open(port, onReadable) */
void xs_latchkey_desk_open(xsMachine *the)
{
	Port *port = portOf(the);
	char name[16], link[512];
	struct termios raw;

	if (port->master)
		xsUnknownError("in use");
	port->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if ((port->master < 0) || (grantpt(port->master) < 0) || (unlockpt(port->master) < 0))
		deskFail("pseudo-terminal");
	port->slave = open(ptsname(port->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if ((port->slave < 0) || (tcgetattr(port->slave, &raw) < 0))
		deskFail("pseudo-terminal");
	cfmakeraw(&raw);
	tcsetattr(port->slave, TCSANOW, &raw);
	snprintf(name, sizeof(name), "port-%d", (int)(port - gPorts));
	deskPath(name, link, sizeof(link));
	unlink(link);
	if (symlink(ptsname(port->master), link) < 0)
		deskFail(link);
	printf("%s is %s\n", name, ptsname(port->master));
	fflush(stdout);
	port->the = the;
	port->onReadable = xsArg(1);
	xsRemember(port->onReadable);
	port->source = g_unix_fd_add(port->master, G_IO_IN, readable, port);
}

/* read(port): what has come in, or undefined */
void xs_latchkey_desk_read(xsMachine *the)
{
	Port *port = portOf(the);
	uint8_t bytes[READ_MAX];
	ssize_t count = read(port->master, bytes, sizeof(bytes));

	if (count > 0)
		xsmcSetArrayBuffer(xsResult, bytes, count);
}

/* write(port, bytes) */
void xs_latchkey_desk_write(xsMachine *the)
{
	Port *port = portOf(the);
	void *data;
	xsUnsignedValue length;

	xsmcGetBufferReadable(xsArg(1), &data, &length);
	if (write(port->master, data, length) < 0) {
		/* nobody takes it: lost */
	}
}

/* close(port) */
void xs_latchkey_desk_close(xsMachine *the)
{
	Port *port = portOf(the);

	if (!port->master)
		return;
	g_source_remove(port->source);
	xsForget(port->onReadable);
	close(port->master);
	close(port->slave);
	port->master = 0;
}
