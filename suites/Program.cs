using Daso.CommandLine;
using Daso.Suites;

return await DasoApp.RunAsync(args, SuiteRegistry.Experiments);
