/*
 * A node as a program of the desk, on the SDK's own XS: its machine, its event loop (GLib's, as the
 * SDK's other parts for Linux use it), and what stands in for the board. One argument: the folder
 * in which its flash lies and in which its two serial ports appear.
 */
#include <glib.h>
#include <sys/stat.h>
#include "xsAll.h"
#include "mc.xs.h"
#include "node.h"

static const char *gFolder;
static char **gArguments;

const char *deskPath(const char *name, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s/%s", gFolder, name);
	return buffer;
}

void deskFail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

/* As after a reset: the program begins anew, its flash is what it was. */
void deskRestart(void)
{
	execv("/proc/self/exe", gArguments);
	deskFail("restart");
}

void fxAbort(txMachine *the, int status)
{
	(void)the;
	exit(status == XS_NOT_ENOUGH_MEMORY_EXIT ? 2 : 1);
}

static txMachine *newMachine(void)
{
	static txMachine root;
	txPreparation *preparation = xsPreparation();

	root.preparation = preparation;
	root.keyArray = preparation->keys;
	root.keyCount = (txID)preparation->keyCount + (txID)preparation->creation.initialKeyCount;
	root.keyIndex = (txID)preparation->keyCount;
	root.nameModulo = preparation->nameModulo;
	root.nameTable = preparation->names;
	root.symbolModulo = preparation->symbolModulo;
	root.symbolTable = preparation->symbols;
	root.stack = &preparation->stack[0];
	root.stackBottom = &preparation->stack[0];
	root.stackTop = &preparation->stack[preparation->stackCount];
	root.firstHeap = &preparation->heap[0];
	root.freeHeap = &preparation->heap[preparation->heapCount - 1];
	root.aliasCount = (txID)preparation->aliasCount;
	return fxCloneMachine(&preparation->creation, &root, "node", NULL);
}

int main(int count, char *arguments[])
{
	txMachine *machine;
	int failed = 0;

	if (count != 2) {
		fprintf(stderr, "usage: %s <folder>\n", arguments[0]);
		return 2;
	}
	gFolder = arguments[1];
	gArguments = arguments;
	if ((mkdir(gFolder, 0700) < 0) && (EEXIST != errno))
		deskFail(gFolder);
	machine = newMachine();
	xsBeginHost(machine);
	{
		xsTry {
			xsResult = xsAwaitImport("main", XS_IMPORT_NAMESPACE);
		}
		xsCatch {
			fprintf(stderr, "%s\n", xsToString(xsException));
			failed = 1;
		}
	}
	xsEndHost(machine);
	if (!failed)
		g_main_loop_run(g_main_loop_new(NULL, FALSE));
	xsDeleteMachine(machine);
	return failed;
}
