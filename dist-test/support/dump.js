import pg from 'pg';
/** What every table holds, as a digest each: two that are equal mean that nothing was written between. */
export async function aDump(url) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
        const { rows: tables } = await client.query('SELECT tablename AS name FROM pg_tables WHERE schemaname = \'public\' AND tablename <> \'_prisma_migrations\' ORDER BY tablename');
        const digests = tables.map(({ name }) => `SELECT '${name}' AS name, count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS digest FROM "${name}" t`);
        const { rows } = await client.query(digests.join(' UNION ALL '));
        return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]));
    }
    finally {
        await client.end();
    }
}
//# sourceMappingURL=dump.js.map