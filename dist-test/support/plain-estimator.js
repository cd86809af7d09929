// A plain, slow estimator in memory: the rank bound over the last samples of the most specific key that has any, keys as
// readable texts. Written apart from the service's, to hold that against it.
const leftOut = new Set(['fct', 'type', 'executor', 'label', 'name', 'duration']);
/** The keys of the ladder, most specific first; null where the step lacks what the level compares. */
export function plainKeys({ kind, device, data = {}, origin, destination }) {
    if (kind === 'move') {
        const at = (end) => `${end?.device}:${end?.position}`;
        return [`slots ${device} ${at(origin)} ${at(destination)}`, null, `pair ${origin?.device} ${destination?.device}`, `to ${device} ${destination?.device}`];
    }
    const fct = String(data.fct);
    const parameters = Object.entries(data).filter(([key]) => !leftOut.has(key)).map(([key, value]) => `${key}=${JSON.stringify(value)}`).sort().join('&');
    const protocol = typeof data.protocol === 'string' ? data.protocol.split(/[\\/]/).at(-1) : null;
    return [
        `parameters ${fct} ${device} ${parameters}`,
        protocol === null ? null : `device_protocol ${fct} ${device} ${protocol}`,
        protocol === null ? null : `protocol ${fct} ${protocol}`,
        `device_function ${fct} ${device}`,
        `function ${fct}`
    ];
}
/** The k-th smallest of n, k = ceil(c (n + 1)), at most the largest; and whether the rank exists. */
export function plainRank(samples, confidence) {
    const sorted = [...samples].sort((a, b) => a - b);
    const k = Math.ceil(confidence * (sorted.length + 1) - 1e-9);
    return { seconds: sorted[Math.min(k, sorted.length) - 1], enough: k <= sorted.length };
}
export class PlainHistory {
    #samples = new Map();
    /** All samples of the most specific key that has any, oldest first; `alike` tells whether the key is one of the step's own program or way. */
    of(step) {
        const key = plainKeys(step).find((candidate) => candidate !== null && this.#samples.has(candidate));
        return key == null ? null : { key, samples: this.#samples.get(key), alike: !/^(device_function|function|to) /.test(key) };
    }
    learn(step, seconds) {
        for (const key of plainKeys(step)) {
            if (key === null)
                continue;
            const samples = this.#samples.get(key);
            if (samples === undefined)
                this.#samples.set(key, [seconds]);
            else
                samples.push(seconds);
        }
    }
}
//# sourceMappingURL=plain-estimator.js.map