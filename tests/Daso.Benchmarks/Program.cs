using System.Globalization;
using BenchmarkDotNet.Running;
using Daso.Benchmarks;

if (args is ["records", .. string[] rest])
    RecordsMeasurement.Run(rest is [string count] ? int.Parse(count, CultureInfo.InvariantCulture) : 1_000_000);
else if (args is ["images", string folder, .. string[] threads])
    ImageMeasurement.Run(folder, threads is [string number] ? int.Parse(number, CultureInfo.InvariantCulture) : 1);
else
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
