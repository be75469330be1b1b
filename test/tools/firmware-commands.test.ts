import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Flash } from "../../firmware/platform.ts";
import { FlashConfigStore } from "../../firmware/provisioning/flash-config-store.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { encodeResult, IMPROV_COMMAND } from "../../protocol/improv/rpc.ts";
import type { Timer } from "../../protocol/platform.ts";
import type { BootVolume } from "../../tools/cli/context.ts";
import { bootVolumes } from "../../tools/firmware/boot-volumes.ts";
import { makeUf2, parseUf2, UF2_FAMILY } from "../../tools/firmware/uf2.ts";
import { sampleConfig } from "../firmware/sample-config.ts";
import { FakeWorld } from "./fake-context.ts";
import { fakeElf } from "./fake-elf.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));
const MANIFEST = JSON.stringify({
  creation: { static: 286_720 },
  defines: { latchkey: { flash: { config_offset: 4_186_112 } } },
});

const ENV = { MODDABLE: "/sdk/moddable", PICO_ROOT: "/sdk", PICO_GCC_ROOT: "/usr" };
const SDK_FILES = [
  ...["/sdk/moddable/xs", "/sdk/moddable/build/bin/lin/release/mcconfig", "/sdk/pico-extras"],
  ...["/sdk/pico-examples", "/usr/bin/arm-none-eabi-gcc", "/sdk/pico-sdk/build/pioasm/pioasm"],
  ...["/sdk/pico-sdk/build/_deps/picotool/picotool", "/sdk/pico-sdk/build/pico_flash_region.ld"],
];
const VERSION = (minor: number): string =>
  ["MAJOR 2", `MINOR ${minor}`, "REVISION 0"]
    .map((part) => `    set(PICO_SDK_VERSION_${part})`)
    .join("\n");

/** Nobody waits for a port in a test. */
const HURRIED: Timer = {
  set: (run) => setImmediate(run),
  clear: (handle) => clearImmediate(handle as NodeJS.Immediate),
};

function world(changes: ConstructorParameters<typeof FakeWorld>[0] = {}): FakeWorld {
  const made = new FakeWorld({ env: ENV, timer: HURRIED, ...changes });
  for (const file of SDK_FILES) made.files.set(file, "");
  made.files.set("/sdk/pico-sdk/pico_sdk_version.cmake", VERSION(2));
  made.files.set(join(project, "manifests/pico.json"), MANIFEST);
  return made;
}

describe("latchkey build", () => {
  const IMAGE = "/desk/build/firmware/reader-pico_2_w/sdk/bin/pico/pico_2_w/release/reader/xs_pico";

  function building(code: number, flash: number, map?: () => string) {
    const ran: { words: readonly string[]; env: Readonly<Record<string, string | undefined>> }[] =
      [];
    const bundled: string[] = [];
    const made: FakeWorld = world({
      bundleFirmware: async ({ target, folder, debug }) => {
        bundled.push(`${target.main} → ${folder}${debug ? ", debug" : ""}`);
        const sources = { "hal/led.ts": 700, "hal/pn532/link.ts": 900 };
        return { sources, codes: [], programBytes: 1_600 };
      },
      runTool: async (words, { env, onLine }) => {
        ran.push({ words, env });
        onLine("region FLASH overflowed");
        const sections = [
          [".text", 0x1000_0000, flash, true],
          [".heap", 0x2001_0000, 460_000, false],
        ] as const;
        if (code === 0) made.files.set(`${IMAGE}.elf`, fakeElf(sections));
        if (map !== undefined) made.files.set(`${IMAGE}.map`, map());
        return code;
      },
    });
    return { made, ran, bundled };
  }

  it("bundles, runs mcconfig with the line that it prints, and shows sizes against budgets", async () => {
    const { made, ran, bundled } = building(0, 1_000_000);
    const run = await made.run("build");
    assert.equal(run.exitCode, 0, run.err);
    const [first] = ran;
    assert.deepEqual(first!.words.slice(0, 6), [
      "mcconfig",
      "-m",
      "-p",
      "pico/pico_2_w",
      "-t",
      "build",
    ]);
    assert.ok(run.out.includes(first!.words.join(" ")));
    assert.equal(first!.env["LATCHKEY_OUT"], "/desk/build/firmware/reader-pico_2_w/js");
    assert.match(first!.env["PATH"]!, /^\/sdk\/moddable\/build\/bin\/lin\/release:/);
    assert.deepEqual(bundled, [
      "firmware/platform/moddable/pico-2-w.ts → /desk/build/firmware/reader-pico_2_w/js",
    ]);
    assert.match(run.out, /flash +1,000,000 B of 1,500,000 B/);
    assert.match(run.out, /left for C +173,280 B/);
  });

  it("takes the numbers of an image with slots only for a target that has them", async () => {
    const plain = await building(0, 1_000_000).made.run("build", "--security", "7");
    assert.equal(plain.exitCode, 2);
    assert.match(plain.err, /--security is for a target with slots/);
    const slots = ["build", "--target", "pico_2_w_slots"];
    const large = await building(0, 1).made.run(...slots, "--security", "65536");
    assert.equal(large.exitCode, 2);
    const half = await building(0, 1).made.run(...slots, "--number", "0.5");
    assert.match(half.err, /whole number/);
    const { made, ran } = building(0, 1);
    const dry = await made.run(...slots, "--security", "7", "--dry-run");
    assert.equal(dry.exitCode, 0, dry.err);
    assert.match(dry.out, /manifests\/reader\/pico_2_w_slots.json/);
    assert.deepEqual(ran, []);
  });

  it("with --report shows each part beside the build before", async () => {
    const part = (address: string, bytes: number, file: string): string =>
      ` .text          0x${address}     0x${bytes.toString(16)} /b/${file}.c.o`;
    let xs = 1_000;
    const { made } = building(0, 1_000_000, () =>
      [
        "Linker script and memory map",
        part("10000100", xs, "xsAll"),
        part("10008000", 32, "random"),
        part("20000100", 64, "random"),
      ].join("\n"),
    );
    const first = await made.run("build", "--report");
    assert.match(first.out, /Flash\n +XS engine +1,000 B\n +our C +32 B\nRAM\n +our C +64 B\n/);
    assert.match(first.out, / hal\/pn532 +900 B\n +hal\/led\.ts +700 B\n/);
    xs = 1_500;
    const second = await made.run("build", "--report");
    assert.match(second.out, /XS engine +1,500 B +\+500 B/);
    assert.match(second.out, /our C +32 B\n/);
    xs = 700;
    assert.match((await made.run("build", "--report")).out, /XS engine +700 B +-800 B/);
    made.files.set("/desk/build/firmware/reader-pico_2_w/sizes.json", "{broken");
    assert.match((await made.run("build", "--report")).out, /XS engine +700 B\n/);
  });

  it("with --debug keeps names for xsbug, and does not hold it to the budget", async () => {
    const { made, ran, bundled } = building(0, 1_900_000);
    const image = IMAGE.replace("reader-pico_2_w/", "reader-pico_2_w-debug/");
    const elf = fakeElf([[".text", 0x1000_0000, 1_900_000, true]]);
    made.files.set(`${image.replace("/release/", "/debug/")}.elf`, elf);
    const run = await made.run("build", "--debug");
    assert.equal(run.exitCode, 0, run.err);
    assert.deepEqual(ran[0]!.words.slice(0, 3), ["mcconfig", "-d", "-m"]);
    assert.match(bundled[0]!, /reader-pico_2_w-debug\/js, debug$/);
  });

  it("with --portable-curves fails when our cryptography in C is in the image all the same", async () => {
    const image = IMAGE.replace("reader-pico_2_w/", "reader-pico_2_w-portable/");
    const line = (file: string): string => ` .text  0x10000100  0x20 /b/tmp/${file}.c.o`;
    for (const [file, code] of [
      ["board", 0],
      ["curve25519-tables", 1],
      ["gcm-hash", 1],
      ["symmetric", 1],
    ] as const) {
      const { made } = building(0, 1_000_000);
      made.files.set(`${image}.elf`, fakeElf([[".text", 0x1000_0000, 1_000_000, true]]));
      made.files.set(`${image}.map`, `Linker script and memory map\n${line(file)}`);
      const run = await made.run("build", "--portable-curves");
      assert.equal(/in spite of --portable-curves/.test(run.err), code === 1, run.err);
    }
  });

  it("for the desk needs no Pico SDK, and says how to run the program", async () => {
    const { made, ran } = building(0, 0);
    const program = "/desk/build/firmware/sensor-desk/sdk/bin/lin/release/sensor";
    made.files.delete("/sdk/pico-sdk/pico_sdk_version.cmake");
    const absent = await made.run("build", "--product", "sensor", "--target", "desk");
    assert.match(absent.err, new RegExp(`there is no ${program} \\[build-failed\\]`));
    assert.deepEqual(ran[0]!.words.slice(2, 4), ["-p", "x-cli-lin"]);
    made.files.delete("/desk/build/firmware/sensor-desk/sdk/.keep");
    made.files.set(program, "");
    const run = await made.run("build", "--product", "sensor", "--target", "desk");
    assert.equal(run.exitCode, 0, run.err);
    assert.ok(run.out.includes(`${program} node`));
  });

  it("begins anew in a folder that it made, and touches no other", async () => {
    const { made } = building(0, 1_000_000);
    const output = "/desk/build/firmware/reader-pico_2_w/sdk";
    made.files.set(`${output}/theirs.txt`, "kept");
    await made.run("build");
    assert.ok(made.files.has(`${output}/theirs.txt`));
    await made.run("build");
    assert.equal(made.files.has(`${output}/theirs.txt`), false);
  });

  it("fails when a budget is broken, and when mcconfig fails, with its last lines", async () => {
    const fat = await building(0, 1_600_000).made.run("build");
    assert.equal(fat.exitCode, 1);
    assert.match(fat.out, /OVER BUDGET/);
    const broken = await building(2, 0).made.run("build");
    assert.equal(broken.exitCode, 1);
    assert.match(broken.out, /region FLASH overflowed/);
    assert.match(broken.err, /mcconfig ended with 2 \[build-failed\]/);
  });

  it("without an SDK says what to install, and runs nothing", async () => {
    const bare = new FakeWorld({ env: { HOME: "/home/pi" } });
    const run = await bare.run("build");
    assert.equal(run.exitCode, 4);
    assert.match(run.out, /\$MODDABLE is not set/);
    assert.match(run.out, /there is no Pico SDK in \/home\/pi\/pico\/pico-sdk/);
    assert.match(run.err, /sdk-missing/);
  });

  it("refuses a Pico SDK of another version, as the Moddable SDK would", async () => {
    const made = world();
    made.files.set("/sdk/pico-sdk/pico_sdk_version.cmake", VERSION(1));
    assert.match((await made.run("build")).out, /is version 2\.1\.0/);
    const doctor = await made.run("doctor");
    assert.match(doctor.out, /✖ pico sdk.*2\.1\.0/);
    assert.match((await world().run("doctor")).out, /✔ pico sdk +2\.2\.0 in \/sdk\/pico-sdk/);
    const closed = world({
      listSerialPorts: async () => [{ path: "/dev/ttyACM0", title: "Pico" }],
      writable: () => false,
    });
    assert.match((await closed.run("doctor")).out, /ttyACM0: you may not write to it\n.*dialout/);
  });

  it("names what there is when asked for something else", async () => {
    const run = await world().run("build", "--target", "esp32");
    assert.equal(run.exitCode, 2);
    assert.match(
      run.err,
      /there is no reader for esp32; there is reader for pico_2_w, reader for pico_2/,
    );
  });
});

describe("latchkey flash", () => {
  const image = makeUf2(0x1000_0000, new Uint8Array(1000).fill(1), UF2_FAMILY.rp2350Arm);
  const volume: BootVolume = { path: "/media/me/RP2350", board: "RP2350" };

  /** A board that restarts when its drive has been written to. */
  function board(volumes: readonly BootVolume[] = [volume]): FakeWorld {
    const made: FakeWorld = world({
      bootVolumes: () => volumes.filter(({ path }) => !made.files.has(`${path}/latchkey.uf2`)),
    });
    made.files.set("/desk/image.uf2", image);
    made.files.set("/desk/latchkey.json", JSON.stringify(sampleConfig()));
    return made;
  }

  it("writes an image to the drive of a board and sees it restart", async () => {
    const made = board();
    const run = await made.run("flash", "image.uf2");
    assert.equal(run.exitCode, 0, run.err);
    assert.deepEqual(made.files.get("/media/me/RP2350/latchkey.uf2"), image);
    assert.match(run.out, /█{30} 100 % 2 kB/);
    assert.match(run.out, /took all 4 blocks/);
    assert.match(run.out, /! starts +no serial port has appeared/);
  });

  it("tells how far it is, in bytes that the board has", async () => {
    const made = board();
    await made.run("flash", "image.uf2", "--json");
    const progress = made.events().filter(({ type }) => type === "progress");
    assert.deepEqual(progress, [
      { type: "progress", text: "1 kB", done: 1024, of: 2048 },
      { type: "progress", text: "2 kB", done: 2048, of: 2048 },
    ]);
  });

  it("sees the board come back as a node, and which firmware it runs", async () => {
    const info = ["Latchkey reader", "1.2.3", "RP2350", "door"];
    const reply = encodeResult(IMPROV_COMMAND.info, info);
    const opened: string[] = [];
    const made: FakeWorld = world({
      bootVolumes: () => (made.files.has("/media/me/RP2350/latchkey.uf2") ? [] : [volume]),
      listSerialPorts: async () =>
        made.files.has("/media/me/RP2350/latchkey.uf2")
          ? ["/dev/ttyS0", "/dev/ttyACM0"].map((path) => ({ path, title: "" }))
          : [{ path: "/dev/ttyS0", title: "" }],
      openBytes: async (path) => {
        opened.push(path);
        let say = (_bytes: Uint8Array): void => {};
        return {
          write: () => queueMicrotask(() => say(reply)),
          onBytes: (callback) => {
            say = callback;
          },
          onEnd: () => {},
          close: () => {},
        };
      },
    });
    made.files.set("/desk/image.uf2", image);
    const run = await made.run("flash", "image.uf2");
    assert.match(run.out, /✔ starts +Latchkey reader 1\.2\.3 at \/dev\/ttyACM0/);
    assert.deepEqual(opened, ["/dev/ttyACM0"]);
  });

  it("writes a configuration behind the image, where the image looks for it", async () => {
    const made = board();
    const run = await made.run("flash", "image.uf2", "--config", "latchkey.json");
    assert.equal(run.exitCode, 0, run.err);
    const blocks = parseUf2(made.files.get("/media/me/RP2350/latchkey.uf2") as Uint8Array);
    const config = blocks.filter(({ address }) => address >= 0x103f_e000);
    assert.equal(blocks.length - config.length, 4);
    const region = concat(...config.map(({ data }) => data));
    const flash: Flash = {
      ...{ sizeBytes: region.length, sectorBytes: 4096, pageBytes: 256 },
      read: (offset, length) => region.slice(offset, offset + length),
      erase: () => assert.fail("erase"),
      program: () => assert.fail("program"),
    };
    assert.equal(region.length, 8192);
    assert.deepEqual(JSON.parse(new FlashConfigStore(flash).read()!), sampleConfig());
  });

  it("refuses an image for another chip before it touches a board", async () => {
    const made = board();
    made.files.set("/desk/image.uf2", makeUf2(0x1000_0000, new Uint8Array(256), UF2_FAMILY.rp2040));
    const run = await made.run("flash", "image.uf2");
    assert.equal(run.exitCode, 4);
    assert.match(run.err, /image\.uf2 is for rp2040, not for the ARM cores of an RP2350/);
    assert.equal(made.files.has("/media/me/RP2350/latchkey.uf2"), false);
  });

  it("refuses a configuration with a mistake, naming the field", async () => {
    const made = board();
    made.files.set("/desk/latchkey.json", JSON.stringify({ ...sampleConfig(), base_url: "x" }));
    const run = await made.run("flash", "image.uf2", "--config", "latchkey.json");
    assert.equal(run.exitCode, 2);
    assert.match(run.err, /base_url/);
  });

  it("asks for BOOTSEL when there is no board, and says which one is the wrong one", async () => {
    const none = world();
    none.files.delete("/sdk/pico-sdk/build/_deps/picotool/picotool");
    none.files.set("/desk/image.uf2", image);
    const run = await none.run("flash", "image.uf2");
    assert.match(run.err, /no board in BOOTSEL mode \[board-missing\]\n +→ Hold BOOTSEL/);
    const old = await board([{ path: "/media/me/RPI-RP2", board: "RPI-RP2" }]).run(
      "flash",
      "image.uf2",
    );
    assert.match(old.err, /the board at \/media\/me\/RPI-RP2 is a RPI-RP2/);
  });

  it("says so when the board is unplugged while it is written", async () => {
    const unplugged = world({
      bootVolumes: () => [volume],
      *writePieces() {
        yield 512;
        throw new Error("EIO");
      },
    });
    unplugged.files.set("/desk/image.uf2", image);
    const run = await unplugged.run("flash", "image.uf2");
    assert.equal(run.exitCode, 1);
    assert.match(
      run.err,
      /went away.* after 512 of 2048 bytes.*\[flash-failed\][\s\S]*→ Use another cable/,
    );
  });

  it("uses picotool where no drive is mounted, verifying, and leaves no file with keys behind", async () => {
    let words: readonly string[] = [];
    const made: FakeWorld = world({
      runTool: async (given, { onLine }) => {
        words = given;
        onLine("Loading into Flash:   [===============               ]  50%");
        onLine("Verifying Flash:      [==============================]  100%");
        assert.ok(made.secretFiles.has("/desk/.latchkey/flash.uf2"));
        return 0;
      },
    });
    made.files.set("/desk/image.uf2", image);
    const run = await made.run("flash", "image.uf2");
    assert.equal(run.exitCode, 0, run.err);
    assert.deepEqual(words.slice(1, 5), ["load", "-f", "-v", "-x"]);
    assert.match(run.out, /100 % Verifying Flash/);
    assert.equal(made.files.has("/desk/.latchkey/flash.uf2"), false);
  });
});

describe("the drives of boards in BOOTSEL mode", () => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-media-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("are found by the file that tells the board, wherever they are mounted", () => {
    mkdirSync(join(folder, "me/RP2350"), { recursive: true });
    mkdirSync(join(folder, "me/USBSTICK"), { recursive: true });
    const text = "UF2 Bootloader v1.0\r\nModel: Raspberry Pi RP2350\r\nBoard-ID: RP2350\r\n";
    writeFileSync(join(folder, "me/RP2350/INFO_UF2.TXT"), text);
    const found = bootVolumes([folder, join(folder, "nowhere")]);
    assert.deepEqual(found, [{ path: join(folder, "me/RP2350"), board: "RP2350" }]);
  });
});
