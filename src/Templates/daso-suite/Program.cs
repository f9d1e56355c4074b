using Daso.CommandLine;
using MySuite;

return await DasoApp.RunAsync(args, SuiteRegistry.Experiments);
