// A start of Node.js that starts no child: its resident memory.

globalThis.gc()
console.log(JSON.stringify({ resident: process.memoryUsage.rss() }))
