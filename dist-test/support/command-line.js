import { Writable } from 'node:stream';
import { runCommandLine } from "../../dist/cli/run.js";
import { listening } from "./http.js";
/** Runs command lines in this process, against this service (or none), and answers what they print. */
export async function aCommandLine(service, env = {}) {
    const address = service === null ? 'http://127.0.0.1:65533' : await listening(service);
    async function platformStatus(...args) {
        return await withSignal(new AbortController().signal, args);
    }
    async function withSignal(signal, args) {
        const said = { out: '', err: '' };
        const out = new Writable({ decodeStrings: false, write: (chunk, _encoding, done) => { said.out += String(chunk); done(); } });
        const code = await runCommandLine(args, { out, err: { write: (text) => { said.err += text; } }, env: { PLATFORM_STATUS_URL: address, ...env }, signal });
        return { code, ...said, get json() { return JSON.parse(said.out); } };
    }
    return { address, platformStatus, withSignal };
}
//# sourceMappingURL=command-line.js.map