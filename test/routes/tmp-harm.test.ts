import t from 'tap'
import { readYaml } from '../../src/routes/lab/read-yaml.ts'
  for (const [what, text] of [
    ['nested lists', '['.repeat(200_000)],
    ['nested maps', '{a: '.repeat(50_000)],
    ['nested dashes', 'a:\n ' + '- '.repeat(100_000)],
    ['nested lines', Array.from({ length: 1000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n')],
    ['closing brackets', ']'.repeat(100_000)],
    ['laughs', ['a: &a [x, x, x, x]', ...Array.from({ length: 25 }, (_, n) => {
      const [before, name] = [String.fromCharCode(97 + n), String.fromCharCode(98 + n)]
      return `${name}: &${name} [*${before}, *${before}, *${before}, *${before}]`
    })].join('\n')],
    ['merges', `a: &a {${Array.from({ length: 5000 }, (_, n) => `k${n}: 1`).join(', ')}}\n` + Array.from({ length: 20_000 }, (_, n) => `m${n}: {<<: *a}`).join('\n')],
    ['1MB of close', ']'.repeat(1<<20)],
    ['1MB of flow', '['.repeat(1<<20)],
    ['1MB of quote', '"'.repeat(1<<20)],
    ['1MB of anchor', '&a '.repeat((1<<20)/3)],
    ['1MB of err', ':\n\t- {}'.repeat(1<<17)],
    ['1MB of commas', 'a: ['+','.repeat((1<<20)-5)],
  ] as const) {
    const begin = Date.now()
    let m = ''
    try { readYaml(text) } catch (e) { m = (e as Error).message.slice(0,100) }
    console.log(what, Date.now() - begin, m)
  }
t.pass()
