// Kills servers, wardens and children for real, at full counts. `node scripts/long/faults.mjs
// --only NAME` runs one scenario alone: the options are those of faults/run.mjs.

import '../../faults/run.mjs'
