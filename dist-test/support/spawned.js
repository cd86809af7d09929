import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isSameProcess } from "../../dist/embedded/processes.js";
export const root = fileURLToPath(new URL('../..', import.meta.url));
/** Starts dist/server.js (or another command) with just these variables; killed when the test ends, if it still runs. */
export function aProcess(t, env, command = [process.execPath, '--enable-source-maps', 'dist/server.js']) {
    const [program, ...args] = command;
    const child = spawn(program, args, {
        cwd: root,
        env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: '0', ...env },
        stdio: ['ignore', 'pipe', 'pipe']
    });
    const lines = [];
    const waiting = new Set();
    let stderr = '';
    child.stderr.on('data', (chunk) => { stderr += chunk.toString(); });
    const read = createInterface({ input: child.stdout });
    read.on('line', (line) => {
        // npm says first what it runs
        if (line.startsWith('{'))
            lines.push(JSON.parse(line));
        for (const look of waiting)
            look();
    });
    const ended = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode, stderr }));
    t.teardown(async () => {
        if (child.exitCode === null && child.signalCode === null)
            child.kill('SIGKILL');
        await ended;
    });
    async function says(message) {
        return await new Promise((resolve, reject) => {
            function look() {
                const found = lines.find(({ msg }) => msg === message);
                if (found === undefined)
                    return;
                waiting.delete(look);
                resolve(found);
            }
            waiting.add(look);
            look();
            void ended.then(({ code }) => reject(new Error(`ended with ${code} before it said "${message}": ${stderr}`)));
        });
    }
    return {
        pid: child.pid ?? 0,
        lines,
        says,
        ready: async () => (await says('ready')).address,
        signal: (name) => { child.kill(name); },
        ended
    };
}
/** Whether this process is still there. */
export function isRunning(pid) {
    return isSameProcess(pid, 'unknown');
}
//# sourceMappingURL=spawned.js.map