import { runCli } from "./cli/run.ts";
import { hostContext } from "./host-context.ts";

// A pipe that closes early (`latchkey … | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
});

process.exitCode = await runCli(process.argv.slice(2), hostContext());
// Something idle (a keep-alive connection, a closed port's thread) must not keep the shell waiting.
process.exit();
