import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { commitBreaches, languageBreaches, subjectBreach } from '../scripts/lint/language.mjs'

const found = (name, ...lines) =>
  languageBreaches(name, lines.join('\n')).map(({ line, rule }) => `${line}: ${rule}`)
const vague = (line, words) =>
  `${line}: a doc comment starts with a verb or a noun phrase, not with "${words}"`

describe('the first word of a doc comment', () => {
  for (const words of ['What', 'Who', 'Whoever', 'Whom', 'Whose', 'Whether', 'How', 'When', 'Of'])
    test(`is not ${words}`, () => {
      assert.deepEqual(
        found('src/a.rs', 'mod b;', '', `/// ${words} is it.`).filter((text) =>
          text.includes('verb'),
        ),
        [vague(3, words)],
      )
    })

  test('is not There is or There are', () => {
    assert.deepEqual(found('warden/src/a.rs', '//! There is one.'), [vague(1, 'There is')])
    assert.deepEqual(found('lib/a.js', '/** There are two. */', 'f()'), [vague(1, 'There are')])
  })

  test('stands on the second line of a block', () => {
    const block = ['/**', ' * How it ends.', ' */', 'export function f(): void']
    assert.deepEqual(found('index.d.ts', ...block), [vague(2, 'How')])
    assert.deepEqual(found('watcher/src/a.rs', '/*! How', ' */'), [vague(1, 'How')])
  })

  test('is checked once for a doc comment, not for each line', () => {
    assert.deepEqual(found('src/a.rs', '/// Starts.', '/// When it fails, nothing runs.'), [])
  })

  test('is free in a comment that documents nothing', () => {
    assert.deepEqual(found('src/a.rs', '// When it fails.', '//// How', '/*** Of */'), [])
    assert.deepEqual(found('lib/a.js', '// When it fails.', '/* How */'), [])
  })
})

describe('words for people', () => {
  const words = ['who', 'whoever', 'whom', 'somebody', 'nobody', 'anybody', 'someone']
  for (const word of [...words, 'anyone'])
    test(`${word} is found`, () => {
      assert.deepEqual(found('lib/a.js', 'f() // ends for', `g() // ${word} else`), [
        `2: "${word}" is a person`,
      ])
    })

  test('are found in any case, on their own line', () => {
    const block = ['/*', ' * Starts.', ' * Nobody waits.', ' */']
    assert.deepEqual(found('src/a.rs', ...block), ['3: "Nobody" is a person'])
  })

  test('are free in code, in strings and in names between backticks', () => {
    const script = ['const who = "// nobody"', `g('/* who */', \`// \${who} who\`, /[/*] who/)`]
    assert.deepEqual(found('lib/a.js', ...script, '// Returns `who`.'), [])
    const rust = [
      'let who = "// nobody \\" // who";',
      'let raw = r#"// "who" // "#; let bytes = br"// who \\";',
      "let quote = '\"'; let slash = '/'; fn f<'a>(who: &'a str) {}",
    ]
    assert.deepEqual(found('src/a.rs', ...rust), [])
  })

  test('are found behind strings, quotes, lifetimes and nested comments', () => {
    const rust = [
      "let quote = '\"'; // who",
      "fn f<'a>() {} // nobody",
      'let raw = r#"""#; /* /* */ whom */ let text = "//";',
      'let var = 1; // someone',
    ]
    assert.deepEqual(
      found('src/a.rs', ...rust),
      ['who', 'nobody', 'whom', 'someone'].map((word, at) => `${at + 1}: "${word}" is a person`),
    )
  })

  test('are found behind a template and a regular expression', () => {
    const script = [`f(\`\${g(/* who */ \`//\`)}\`) // whom`, 'h = /[/"]/ // someone', '// nobody']
    assert.deepEqual(
      found('lib/a.mjs', ...script),
      ['1: "who"', '1: "whom"', '2: "someone"', '3: "nobody"'].map((text) => `${text} is a person`),
    )
  })

  test('are free outside the product and in the generated types', () => {
    for (const name of ['__test__/a.mjs', 'scripts/a.mjs', 'binding.d.ts', 'README.md'])
      assert.deepEqual(found(name, '/** Who is it? */', 'f()'), [])
  })
})

describe('the lines of a comment', () => {
  const rule = "a comment's line has at most 100 characters"
  const longest = `// ${'x'.repeat(97)}`

  test('have at most 100 characters', () => {
    assert.deepEqual(found('bench/a.mjs', longest, `${longest}x`), [`2: ${rule}`])
    assert.deepEqual(found('faults/a.mjs', '/*', `${longest}x`, '*/'), [`2: ${rule}`])
    assert.deepEqual(found('lib/a.js', `f(${' '.repeat(98)}) // x`), [`1: ${rule}`])
  })

  test('are not the lines of code and strings', () => {
    assert.deepEqual(found('lib/a.js', `f('${longest}x')`, `f(/** x */ '${longest}')`), [])
  })
})

describe("a commit's subject", () => {
  test('names an area and says what it does', () => {
    for (const subject of ['pool: reap members', 'lib/mcp, docs: use one word', 'a-b.c: split'])
      assert.equal(subjectBreach(subject), undefined)
    for (const subject of ['Reap members', 'pool: Reap', 'Pool: reap', 'pool reaps', 'pool:reap'])
      assert.match(subjectBreach(subject) ?? '', /imperative/)
  })

  test('has at most 72 characters', () => {
    assert.equal(subjectBreach(`pool: ${'x'.repeat(66)}`), undefined)
    assert.match(subjectBreach(`pool: ${'x'.repeat(67)}`) ?? '', /at most 72/)
  })

  test('is checked in the commits after the one that adds the lint', (t) => {
    const root = mkdtempSync(join(tmpdir(), 'procward-lint-'))
    t.after(() => rmSync(root, { recursive: true, force: true }))
    const git = (...args) => execFileSync('git', args, { cwd: root, stdio: 'pipe' })
    const person = ['-c', 'user.name=A', '-c', 'user.email=a@example.com']
    const commit = (subject) => git(...person, 'commit', '--allow-empty', '-qm', subject)
    git('init', '-q', '-b', 'main')
    commit('Anything goes before')
    assert.equal(commitBreaches(root), undefined)

    mkdirSync(join(root, 'scripts/lint'), { recursive: true })
    writeFileSync(join(root, 'scripts/lint/language.mjs'), '')
    git('add', '.')
    commit('Adds the lint')
    assert.deepEqual(commitBreaches(root), [])

    git('checkout', '-qb', 'side')
    commit('side: keep a subject')
    commit('Planted')
    git('checkout', '-q', 'main')
    git(...person, 'merge', '-q', '--no-ff', '-m', 'Merge branch side', 'side')
    assert.deepEqual(
      commitBreaches(root)?.map(({ text }) => text),
      ['Planted'],
    )
  })
})
