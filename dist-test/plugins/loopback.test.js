import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { isLoopback, isLoopbackName } from "../../dist/plugins/loopback.js";
t.test('addresses that only this machine reaches', async (t) => {
    for (const address of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])
        t.ok(isLoopback(address), address);
    for (const address of ['0.0.0.0', '::', '192.0.2.1', '128.0.0.1', '::ffff:192.0.2.1', '127.0.0.1.evil.example', '127.', '', 'localhost'])
        t.notOk(isLoopback(address), address);
});
t.test('names that mean them', async (t) => {
    for (const name of ['localhost', 'LocalHost', '[::1]', '::1', '127.0.0.1'])
        t.ok(isLoopbackName(name), name);
    for (const name of ['', '[', '[]', 'localhost.evil.example', 'evil.example', '127.0.0.1.nip.example', '[::2]', 'localhost:80'])
        t.notOk(isLoopbackName(name), name);
});
//# sourceMappingURL=loopback.test.js.map