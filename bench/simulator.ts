import { Simulation } from "../host-sim/node/simulation.ts";
import { inMs } from "../host-sim/tap-watch.ts";
import type { Usage } from "../host-sim/usage.ts";

const TAPS = 30;

function row(name: string, tookUs: number, usage: Usage): void {
  const parts = Object.entries(inMs(usage)).map(([part, ms]) => `${part} ${ms.toFixed(1)}`);
  console.log(
    `${name.padEnd(24)}${(tookUs / 1000).toFixed(1).padStart(10)} ms  ${parts.join(", ")}`,
  );
}

/** How much faster than real time a busy reader is simulated, and where virtual time goes. */
export async function benchSimulator(): Promise<void> {
  const sim = await Simulation.create({ seed: "bench" });
  const started = performance.now();
  await sim.ready();
  for (let n = 0; n < TAPS; n++) {
    await sim.world.runFor(8_000_000);
    await sim.tap("alice");
  }
  const wallS = (performance.now() - started) / 1000;
  const virtualS = sim.world.nowUs() / 1e6;
  console.log(`\nOne reader, ${TAPS} taps, virtual time`);
  row("boot to VERIFIED", sim.watch.lastBoot!.tookUs, sim.watch.lastBoot!.usage);
  row("tap to GRANTED", sim.watch.lastTap!.tookUs, sim.watch.lastTap!.usage);
  for (const { operation, calls, timeUs } of sim.crypto.accounts())
    console.log(
      `  ${operation.padEnd(22)}${(timeUs / 1000 / calls).toFixed(2).padStart(10)} ms × ${calls}`,
    );
  const ratio = (virtualS / wallS).toFixed(0);
  console.log(`${virtualS.toFixed(0)} s simulated in ${wallS.toFixed(2)} s: ${ratio} × real time`);
}
