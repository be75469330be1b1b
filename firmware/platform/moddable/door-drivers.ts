import { bme280 } from "../../sensor/drivers/bme280-driver.ts";
import { bmp390 } from "../../sensor/drivers/bmp390-driver.ts";
import { dht22 } from "../../sensor/drivers/dht22-driver.ts";
import { door } from "../../sensor/drivers/door-driver.ts";
import { ds18b20 } from "../../sensor/drivers/ds18b20-driver.ts";
import { hcSr501 } from "../../sensor/drivers/hc-sr501-driver.ts";
import { ina219 } from "../../sensor/drivers/ina219-driver.ts";
import { pzem004t } from "../../sensor/drivers/pzem-004t-driver.ts";
import type { SensorDriver } from "../../sensor/sensor-driver.ts";

/**
 * What a reader's image can measure beside. A door does not move, so satellite receivers would only
 * fill its flash.
 */
export const DOOR_DRIVERS: readonly SensorDriver[] = Object.freeze([
  ...[bme280, bmp390, dht22, door, ds18b20, hcSr501, ina219, pzem004t],
]);
