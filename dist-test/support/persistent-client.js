import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
/** A client as a lab should have one: every write has a key, and is sent again until somebody answers for it. */
export function aPersistentClient(address, patienceMs = 60_000) {
    async function call(method, path, body, headers = {}) {
        const key = method === 'GET' ? {} : { 'idempotency-key': randomUUID() };
        const sent = { ...key, ...headers, ...body === undefined ? {} : { 'content-type': 'application/json' } };
        for (const until = Date.now() + patienceMs;; await sleep(20)) {
            const answer = await fetch(`${address()}${path}`, { method, headers: sent, ...body === undefined ? {} : { body: JSON.stringify(body) }, signal: AbortSignal.timeout(10_000) })
                .then(async (response) => ({ status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() })).catch(() => null);
            const parsed = answer === null || answer.text === '' ? undefined : JSON.parse(answer.text);
            const unsettled = answer === null || answer.status >= 500 || parsed?.code === 'idempotency-key-running';
            if (answer !== null && !unsettled)
                return { ...answer, body: parsed };
            if (Date.now() > until)
                throw new Error(`${method} ${path} was not answered: ${answer?.text ?? 'nothing came back'}`);
        }
    }
    return {
        call,
        get: (path, headers) => call('GET', path, undefined, headers),
        post: (path, body, headers) => call('POST', path, body, headers),
        put: (path, body, headers) => call('PUT', path, body, headers),
        patch: (path, body, headers) => call('PATCH', path, body, headers),
        delete: (path, headers) => call('DELETE', path, undefined, headers)
    };
}
//# sourceMappingURL=persistent-client.js.map