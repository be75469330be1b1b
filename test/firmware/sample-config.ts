/** A configuration that is complete and right; tests change one thing at a time. */
export function sampleConfig(): Record<string, unknown> {
  return {
    base_url: "http://10.0.0.2:8080",
    node_type: "reader",
    tenant_id: "3f2b8a52-6d2e-4c65-9a59-0d3c1f6c8a11",
    comm_key: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    comm_iv: "AAECAwQFBgcICQoL",
    server_keys: ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"],
    df1: "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    enrol_token: "one-time-token",
    wifi: { ssid: "lab", password: "correct horse" },
    label: "Front door",
    timezone: "+02:00",
    nfc: { data: 4, clock: 5, reset: 6, irq: 7 },
    display: { data: 2, clock: 3 },
    relay: { pin: 15 },
    led: { green: 16, red: 17 },
    buzzer: { pin: 18 },
    console: { transmit: 0, receive: 1 },
  };
}
