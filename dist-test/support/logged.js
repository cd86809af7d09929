import { openLogger } from "../../dist/process/logger.js";
/** A log as the process has it, whose lines are remembered. */
export function aLog(level = 'info') {
    const lines = [];
    const waiting = new Set();
    const log = openLogger(level, {
        write(line) {
            lines.push(JSON.parse(line));
            for (const look of waiting)
                look();
        }
    });
    /** The first line with this message, waited for. */
    async function said(message) {
        return await new Promise((resolve) => {
            function look() {
                const found = lines.find(({ msg }) => msg === message);
                if (found === undefined)
                    return;
                waiting.delete(look);
                resolve(found);
            }
            waiting.add(look);
            look();
        });
    }
    return { log, lines, said };
}
//# sourceMappingURL=logged.js.map