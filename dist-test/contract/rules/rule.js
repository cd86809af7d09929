// A rule of the OpenAPI document: what it asks, why, and how a document breaks it. Each is also tried on a small sound
// document, and on the same one broken in the way that the rule is there for.
/** All operations, each with its name for messages. */
export function operationsOf(document) {
    return Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ at: `${method.toUpperCase()} ${path}`, path, method, operation })));
}
/** All answers of all operations. */
export function answersOf(document) {
    return operationsOf(document).flatMap((one) => Object.entries(one.operation.responses).map(([status, answer]) => ({ ...one, at: `${one.at} ${status}`, status: Number(status), answer })));
}
export function componentsOf(document) {
    return Object.entries(document.components.schemas);
}
/** The component or example that a reference names, or the thing itself. */
export function resolved(document, thing) {
    if (typeof thing?.$ref !== 'string')
        return thing;
    return thing.$ref.slice(2).split('/').reduce((inner, key) => inner?.[key], document);
}
/** As resolved, and X of `X or null`. */
export function valueOf(document, schema) {
    const inner = resolved(document, schema);
    const alternatives = inner?.anyOf?.filter((one) => one.type !== 'null');
    return alternatives?.length === 1 ? resolved(document, alternatives[0]) : inner;
}
/** Every schema of the document with everything inside it, each once: components, parameters, bodies, answers. */
export function schemasOf(document) {
    const roots = [
        ...componentsOf(document).map(([name, schema]) => ({ at: name, schema, isComponent: true, isMember: false })),
        ...operationsOf(document).flatMap(({ at, operation }) => [
            ...(operation.parameters ?? []).map(({ name, schema }) => ({ at: `${at} ?${name}`, schema })),
            ...mediaOf(operation.requestBody).map(({ type, schema }) => ({ at: `${at} ${type}`, schema })),
            ...Object.entries(operation.responses).flatMap(([status, answer]) => mediaOf(answer).map(({ type, schema }) => ({ at: `${at} ${status} ${type}`, schema })))
        ].map((root) => ({ ...root, isComponent: false, isMember: false })))
    ];
    return roots.flatMap(within);
}
export function mediaOf(body) {
    return Object.entries(body?.content ?? {}).map(([type, { schema }]) => ({ type, schema }));
}
function within(placed) {
    const { at, schema } = placed;
    const inner = (name, one, isMember = false) => within({ at: `${at}/${name}`, schema: one, isComponent: false, isMember });
    return [
        placed,
        ...Object.entries(schema.properties ?? {}).flatMap(([name, one]) => inner(name, one, true)),
        ...(typeof schema.additionalProperties === 'object' ? inner('*', schema.additionalProperties) : []),
        ...(typeof schema.items === 'object' ? inner('[]', schema.items) : []),
        ...['anyOf', 'oneOf', 'allOf'].flatMap((key) => (schema[key] ?? []).flatMap((one, index) => inner(`${key}${index}`, one)))
    ];
}
/** The names of the components that a request body can hold, however deep. */
export function componentsInBodies(document) {
    const found = new Set();
    const visit = (thing) => {
        if (typeof thing !== 'object' || thing === null)
            return;
        if (typeof thing.$ref === 'string') {
            const name = nameOf(thing);
            if (!found.has(name)) {
                found.add(name);
                visit(document.components.schemas[name]);
            }
        }
        for (const inner of Object.values(thing))
            visit(inner);
    };
    for (const { operation } of operationsOf(document))
        for (const { schema } of mediaOf(operation.requestBody))
            visit(schema);
    return found;
}
export function nameOf({ $ref }) {
    return $ref.split('/').at(-1);
}
//# sourceMappingURL=rule.js.map