/** What the world's log says, oldest first. */
export async function eventsOf(service) {
    const { rows } = await service.app.database.pool.query('SELECT revision::int, ordinal, kind, request_id, before, after FROM event ORDER BY revision, ordinal');
    return rows;
}
/** The revision of the lab. */
export async function revisionOf(service) {
    return (await service.get('/api/lab')).body.revision;
}
//# sourceMappingURL=lab-log.js.map