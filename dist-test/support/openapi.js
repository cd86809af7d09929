import { readFileSync } from 'node:fs';
import { openapiText } from "../../dist/process/openapi-text.js";
/** The document as the routes make it now. */
export async function theDocument() {
    return JSON.parse(await openapiText());
}
/** The document as it is committed. */
export function committedText() {
    return readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8');
}
//# sourceMappingURL=openapi.js.map