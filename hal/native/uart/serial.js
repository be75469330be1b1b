// `embedded:io/serial` of the Pico, as ECMA-419 has it; see serial.c for why it is not the SDK's.
class Serial extends Native("xs_latchkey_serial_destructor") {
  constructor(options) {
    super();
    native("xs_latchkey_serial_constructor").call(this, options);
  }
  close() {
    return native("xs_latchkey_serial_close").call(this);
  }
  read(count) {
    return native("xs_latchkey_serial_read").call(this, count);
  }
  write(bytes) {
    return native("xs_latchkey_serial_write").call(this, bytes);
  }
  get format() {
    return "buffer";
  }
}

export default Serial;
