import fc from 'fast-check';
import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { jsonFault } from "../../dist/domain/json-fault.js";
t.test('the place where a text stops being JSON is told by line and column', (t) => {
    const faults = [
        ['', 1, 1, 'a value'],
        ['{"a":1,}', 1, 8, 'a member name in double quotes'],
        ['{"a":1', 1, 7, 'a comma or }'],
        ['{\n  "device": "Hotel",\n  "position": 3,,\n}', 3, 17, 'a member name in double quotes'],
        ['{"a" 1}', 1, 6, 'a colon'],
        ['{a: 1}', 1, 2, 'a member name in double quotes or }'],
        ["{'a': 1}", 1, 2, 'a member name in double quotes or }'],
        ['{"a":}', 1, 6, 'a value'],
        ['{"a":{},]', 1, 9, 'a member name in double quotes'],
        ['[1 2]', 1, 4, 'a comma or ]'],
        ['[1,]', 1, 4, 'a value'],
        ['[1}', 1, 3, 'a comma or ]'],
        ['[}', 1, 2, 'a value or ]'],
        ['{"a":01}', 1, 6, 'a value'],
        ['{"a":NaN}', 1, 6, 'a value'],
        ['{"a":+1}', 1, 6, 'a value'],
        ['"a\nb"', 1, 3, 'a character that JSON allows in text'],
        ['"\\x"', 1, 2, 'a character that JSON allows in text'],
        ['"a', 1, 3, 'a double quote'],
        ['{} {}', 1, 4, 'the end of the text']
    ];
    for (const [text, line, column, expected] of faults)
        t.same(jsonFault(text), { line, column, expected }, text);
    t.end();
});
t.test('what JSON.parse takes has no fault, and what it refuses has one', (t) => {
    const pieces = fc.array(fc.oneof(fc.constantFrom(...'{}[]:,"\\ \n\t-+.eEu0123aft', 'true', 'null', '"a"', '\\u00e9', '\u0001'), fc.json()), { maxLength: 8 });
    fc.assert(fc.property(pieces, fc.nat(200), (texts, cut) => {
        return [texts.join(''), texts.join('').slice(0, cut)].every((text) => (jsonFault(text) === null) === parses(text));
    }), { seed: 1, numRuns: 5000 });
    t.end();
});
t.test('neither depth nor length is too much for it', (t) => {
    t.match(jsonFault('['.repeat(200_000)), { column: 200_001, expected: 'a value or ]' });
    t.match(jsonFault(`"${'a'.repeat(5_000_000)}`), { column: 5_000_002 });
    t.end();
});
function parses(text) {
    try {
        JSON.parse(text);
        return true;
    }
    catch {
        return false;
    }
}
//# sourceMappingURL=json-fault.test.js.map