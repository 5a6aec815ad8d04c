// What has been loaded, and the CPU time until then, after loading the package that is the
// argument, if any.

const [name] = process.argv.slice(2)
if (name !== undefined) require(name)
console.log(
  JSON.stringify({
    cpu: process.cpuUsage(),
    files: Object.keys(require.cache).length - 1,
    crypto: process.moduleLoadList.includes('NativeModule crypto'),
  }),
)
