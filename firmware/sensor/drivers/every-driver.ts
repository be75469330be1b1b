import type { SensorDriver } from "../sensor-driver.ts";
import { bme280 } from "./bme280-driver.ts";
import { bmp390 } from "./bmp390-driver.ts";
import { dht22 } from "./dht22-driver.ts";
import { door } from "./door-driver.ts";
import { ds18b20 } from "./ds18b20-driver.ts";
import { l76x, neo6m } from "./gnss-drivers.ts";
import { hcSr501 } from "./hc-sr501-driver.ts";
import { ina219 } from "./ina219-driver.ts";
import { pzem004t } from "./pzem-004t-driver.ts";

/** For who does not count bytes: the simulator, and `latchkey doctor`. */
export const EVERY_DRIVER: readonly SensorDriver[] = Object.freeze([
  bme280,
  bmp390,
  dht22,
  door,
  ds18b20,
  hcSr501,
  ina219,
  l76x,
  neo6m,
  pzem004t,
]);
