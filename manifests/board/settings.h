/*
 * Settings of the Pico SDK that an image for a door needs otherwise. The board's header is the
 * place for them: every file in C includes it first, after the command line has had its say.
 */

/* The SDK waits three seconds at start for somebody to open the USB port. A door does not. */
#undef PICO_STDIO_USB_CONNECT_WAIT_TIMEOUT_MS
#define PICO_STDIO_USB_CONNECT_WAIT_TIMEOUT_MS 0

/* What is printed while a terminal is open but stopped must not hold up the program. */
#undef PICO_STDIO_USB_STDOUT_TIMEOUT_US
#define PICO_STDIO_USB_STDOUT_TIMEOUT_US 10000

/*
 * Strings of the engine are UTF-8. Without this, every access to a character counts from the
 * beginning, and a loop over a text of a few hundred characters takes tens of milliseconds.
 */
#define mxStringInfoCacheLength 4
