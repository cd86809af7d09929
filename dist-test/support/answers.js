import { problemExamples } from "../../dist/contract/problem-examples.js";
import { validatorFor } from "../../dist/contract/validator.js";
const everyProblem = new Set([
    'type', 'title', 'status', 'detail', 'instance', 'code', 'error', 'request_id', 'errors', 'index', 'pointer', 'parameter'
]);
// Every app of a test file declares the same, so what is compiled for one serves them all.
const validators = new Map();
let ajv;
/**
 * Holds every answer of the app against what its route declares: the status, the media type, the schema, and no member
 * that the schema does not name. So every test is a test of the contract too. What does not hold goes to `report`.
 */
export function checkAnswers(app, report) {
    app.addHook('onSend', async (request, reply, payload) => {
        const declared = request.routeOptions.schema?.response;
        // what says that the path does not have the method is no route's
        const isNoRoute = request.is404 || (reply.statusCode === 405 && !String(reply.getHeader('allow')).split(', ').includes(request.method));
        if (isNoRoute || declared === undefined || reply.statusCode === 304)
            return payload;
        const call = `${request.method} ${request.routeOptions.url} -> ${reply.statusCode}`;
        const entry = declared[reply.statusCode];
        if (entry === undefined) {
            report(`${call}: this status is not declared (${String(payload).slice(0, 300)})`);
            return payload;
        }
        if (payload === null || payload === undefined || payload === '' || typeof payload !== 'string')
            return payload;
        const type = String(reply.getHeader('content-type')).split(';')[0];
        if (entry.content !== undefined && entry.content[type] === undefined)
            report(`${call}: the media type ${type} is not declared`);
        const schema = entry.content === undefined ? entry : entry.content[type]?.schema;
        if (schema === undefined || !type.includes('json'))
            return payload;
        ajv ??= validatorFor(Object.values(app.getSchemas()).map(closed));
        const validate = validators.get(`${call} ${type}`) ?? ajv.compile(closed(schema));
        validators.set(`${call} ${type}`, validate);
        if (!validate(JSON.parse(payload)))
            report(`${call}: ${faultsOf(validate.errors ?? [])} in ${payload.slice(0, 500)}`);
        if (reply.statusCode >= 400) {
            const refusal = JSON.parse(payload);
            const examples = entry.content?.[type]?.examples ?? {};
            if (!(refusal.code in examples))
                report(`${call}: the problem ${refusal.code} is not declared`);
            if (refusal.status !== reply.statusCode)
                report(`${call}: the problem says ${refusal.status}`);
            const unheard = Object.keys(refusal).filter((member) => !everyProblem.has(member) && !(member in (problemExamples[refusal.code] ?? {})));
            if (unheard.length > 0)
                report(`${call}: the example of ${refusal.code} does not show ${unheard.join(', ')}`);
        }
        return payload;
    });
}
function faultsOf(errors) {
    return errors.map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`).join('; ');
}
// An answer may gain members; one that its own schema does not name is a mistake today.
function closed(schema) {
    if (Array.isArray(schema))
        return schema.map(closed);
    if (typeof schema !== 'object' || schema === null)
        return schema;
    const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
    if (copy.properties !== undefined && copy.type === 'object' && !('additionalProperties' in copy))
        copy.additionalProperties = false;
    return copy;
}
//# sourceMappingURL=answers.js.map