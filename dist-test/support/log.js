import pg from 'pg';
/** The body of a step that took `seconds`, for POST /api/steps. */
export function aStep(members = {}, seconds = 10) {
    const start = new Date('2026-03-02T09:00:00Z');
    const usual = { device: 'Reader', start: start.toISOString(), finish: new Date(start.getTime() + seconds * 1000).toISOString() };
    return { ...usual, ...members };
}
/** Logs a step and answers it. */
export async function logged(service, members = {}, seconds = 10) {
    const { status, body } = await service.post('/api/steps', aStep(members, seconds));
    if (status !== 201)
        throw new Error(`the step was refused: ${JSON.stringify(body)}`);
    return body;
}
/** A process and an experiment of it. */
export async function anExperiment(service, members = {}) {
    const process = await service.post('/api/processes', { name: 'Screening', source: 'pass' });
    const { body } = await service.post('/api/experiments', { process_id: process.body.id, ...members });
    return body;
}
/** Rows straight from the service's database. */
export async function rows(service, sql, values = []) {
    const client = new pg.Client({ connectionString: service.url, options: '-c TimeZone=UTC' });
    await client.connect();
    try {
        return (await client.query(sql, values)).rows;
    }
    finally {
        await client.end();
    }
}
/** The kinds of all events, oldest first. */
export async function eventKinds(service) {
    return (await rows(service, 'SELECT kind FROM event ORDER BY revision, ordinal')).map(({ kind }) => kind);
}
//# sourceMappingURL=log.js.map