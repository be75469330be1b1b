/**
 * `npm run soak [-- --minutes 10]`: the server at half of what it can do. Ends with 1 when memory
 * grows or descriptors leak. Its stores are SQLite, or those in the environment.
 */
import { parseArgs } from "node:util";
import { leaksOf, type Sample, soak } from "./service/soak.ts";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" } } });
const seconds = Number(values.minutes) * 60;
if (!(seconds > 0)) throw new Error("--minutes is a number above 0");

const MB = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`.padStart(12);
const show = ({ done, heapUsed, rss, descriptors }: Sample): void => {
  const count = Math.round(done).toLocaleString("en-US").padStart(12);
  console.log(`${count}${MB(heapUsed)}${MB(rss)}${String(descriptors).padStart(14)}`);
};

console.log(`${"done".padStart(12)}${"heap".padStart(12)}${"resident".padStart(12)}   descriptors`);
const { rate, samples } = await soak({
  seconds,
  samples: Math.max(6, Math.round(seconds / 20)),
  onSample: show,
});
console.log(`${Math.round(rate)} pieces of work a second, ${values.minutes} minutes`);
const leaks = leaksOf(samples);
for (const leak of leaks) console.log(`LEAK: ${leak}`);
if (leaks.length === 0) console.log("Memory is flat, no descriptor has leaked.");
process.exitCode = leaks.length === 0 ? 0 : 1;
